// Written by scripts/service-models from botocore's model of the service. Not to be edited.

extension ServiceModel {
    /// The operations of `apigateway`, version 2015-07-09, and the shapes of what they take. See `ServiceModelParser` for the form.
    static let apiGateway = ServiceModel(
        service: "apigateway",
        text: #"""
            CreateApiKey POST /apikeys 201 CreateApiKeyRequest
            CreateAuthorizer POST /restapis/{restapi_id}/authorizers 201 CreateAuthorizerRequest
            CreateBasePathMapping POST /domainnames/{domain_name}/basepathmappings 201 CreateBasePathMappingRequest
            CreateDeployment POST /restapis/{restapi_id}/deployments 201 CreateDeploymentRequest
            CreateDocumentationPart POST /restapis/{restapi_id}/documentation/parts 201 CreateDocumentationPartRequest
            CreateDocumentationVersion POST /restapis/{restapi_id}/documentation/versions 201 CreateDocumentationVersionRequest
            CreateDomainName POST /domainnames 201 CreateDomainNameRequest
            CreateDomainNameAccessAssociation POST /domainnameaccessassociations 201 CreateDomainNameAccessAssociationRequest
            CreateModel POST /restapis/{restapi_id}/models 201 CreateModelRequest
            CreateRequestValidator POST /restapis/{restapi_id}/requestvalidators 201 CreateRequestValidatorRequest
            CreateResource POST /restapis/{restapi_id}/resources/{parent_id} 201 CreateResourceRequest
            CreateRestApi POST /restapis 201 CreateRestApiRequest
            CreateStage POST /restapis/{restapi_id}/stages 201 CreateStageRequest
            CreateUsagePlan POST /usageplans 201 CreateUsagePlanRequest
            CreateUsagePlanKey POST /usageplans/{usageplanId}/keys 201 CreateUsagePlanKeyRequest
            CreateVpcLink POST /vpclinks 202 CreateVpcLinkRequest
            DeleteApiKey DELETE /apikeys/{api_Key} 202 DeleteApiKeyRequest
            DeleteAuthorizer DELETE /restapis/{restapi_id}/authorizers/{authorizer_id} 202 DeleteAuthorizerRequest
            DeleteBasePathMapping DELETE /domainnames/{domain_name}/basepathmappings/{base_path} 202 DeleteBasePathMappingRequest
            DeleteClientCertificate DELETE /clientcertificates/{clientcertificate_id} 202 DeleteClientCertificateRequest
            DeleteDeployment DELETE /restapis/{restapi_id}/deployments/{deployment_id} 202 DeleteDeploymentRequest
            DeleteDocumentationPart DELETE /restapis/{restapi_id}/documentation/parts/{part_id} 202 DeleteDocumentationPartRequest
            DeleteDocumentationVersion DELETE /restapis/{restapi_id}/documentation/versions/{doc_version} 202 DeleteDocumentationVersionRequest
            DeleteDomainName DELETE /domainnames/{domain_name} 202 DeleteDomainNameRequest
            DeleteDomainNameAccessAssociation DELETE /domainnameaccessassociations/{domain_name_access_association_arn} 202 DeleteDomainNameAccessAssociationRequest
            DeleteGatewayResponse DELETE /restapis/{restapi_id}/gatewayresponses/{response_type} 202 DeleteGatewayResponseRequest
            DeleteIntegration DELETE /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration 204 DeleteIntegrationRequest
            DeleteIntegrationResponse DELETE /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code} 204 DeleteIntegrationResponseRequest
            DeleteMethod DELETE /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method} 204 DeleteMethodRequest
            DeleteMethodResponse DELETE /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code} 204 DeleteMethodResponseRequest
            DeleteModel DELETE /restapis/{restapi_id}/models/{model_name} 202 DeleteModelRequest
            DeleteRequestValidator DELETE /restapis/{restapi_id}/requestvalidators/{requestvalidator_id} 202 DeleteRequestValidatorRequest
            DeleteResource DELETE /restapis/{restapi_id}/resources/{resource_id} 202 DeleteResourceRequest
            DeleteRestApi DELETE /restapis/{restapi_id} 202 DeleteRestApiRequest
            DeleteStage DELETE /restapis/{restapi_id}/stages/{stage_name} 202 DeleteStageRequest
            DeleteUsagePlan DELETE /usageplans/{usageplanId} 202 DeleteUsagePlanRequest
            DeleteUsagePlanKey DELETE /usageplans/{usageplanId}/keys/{keyId} 202 DeleteUsagePlanKeyRequest
            DeleteVpcLink DELETE /vpclinks/{vpclink_id} 202 DeleteVpcLinkRequest
            FlushStageAuthorizersCache DELETE /restapis/{restapi_id}/stages/{stage_name}/cache/authorizers 202 FlushStageAuthorizersCacheRequest
            FlushStageCache DELETE /restapis/{restapi_id}/stages/{stage_name}/cache/data 202 FlushStageCacheRequest
            GenerateClientCertificate POST /clientcertificates 201 GenerateClientCertificateRequest
            GetAccount GET /account 200 GetAccountRequest
            GetApiKey GET /apikeys/{api_Key} 200 GetApiKeyRequest
            GetApiKeys GET /apikeys 200 GetApiKeysRequest
            GetAuthorizer GET /restapis/{restapi_id}/authorizers/{authorizer_id} 200 GetAuthorizerRequest
            GetAuthorizers GET /restapis/{restapi_id}/authorizers 200 GetAuthorizersRequest
            GetBasePathMapping GET /domainnames/{domain_name}/basepathmappings/{base_path} 200 GetBasePathMappingRequest
            GetBasePathMappings GET /domainnames/{domain_name}/basepathmappings 200 GetBasePathMappingsRequest
            GetClientCertificate GET /clientcertificates/{clientcertificate_id} 200 GetClientCertificateRequest
            GetClientCertificates GET /clientcertificates 200 GetClientCertificatesRequest
            GetDeployment GET /restapis/{restapi_id}/deployments/{deployment_id} 200 GetDeploymentRequest
            GetDeployments GET /restapis/{restapi_id}/deployments 200 GetDeploymentsRequest
            GetDocumentationPart GET /restapis/{restapi_id}/documentation/parts/{part_id} 200 GetDocumentationPartRequest
            GetDocumentationParts GET /restapis/{restapi_id}/documentation/parts 200 GetDocumentationPartsRequest
            GetDocumentationVersion GET /restapis/{restapi_id}/documentation/versions/{doc_version} 200 GetDocumentationVersionRequest
            GetDocumentationVersions GET /restapis/{restapi_id}/documentation/versions 200 GetDocumentationVersionsRequest
            GetDomainName GET /domainnames/{domain_name} 200 GetDomainNameRequest
            GetDomainNameAccessAssociations GET /domainnameaccessassociations 200 GetDomainNameAccessAssociationsRequest
            GetDomainNames GET /domainnames 200 GetDomainNamesRequest
            GetExport GET /restapis/{restapi_id}/stages/{stage_name}/exports/{export_type} 200 GetExportRequest
            GetGatewayResponse GET /restapis/{restapi_id}/gatewayresponses/{response_type} 200 GetGatewayResponseRequest
            GetGatewayResponses GET /restapis/{restapi_id}/gatewayresponses 200 GetGatewayResponsesRequest
            GetIntegration GET /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration 200 GetIntegrationRequest
            GetIntegrationResponse GET /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code} 200 GetIntegrationResponseRequest
            GetMethod GET /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method} 200 GetMethodRequest
            GetMethodResponse GET /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code} 200 GetMethodResponseRequest
            GetModel GET /restapis/{restapi_id}/models/{model_name} 200 GetModelRequest
            GetModelTemplate GET /restapis/{restapi_id}/models/{model_name}/default_template 200 GetModelTemplateRequest
            GetModels GET /restapis/{restapi_id}/models 200 GetModelsRequest
            GetRequestValidator GET /restapis/{restapi_id}/requestvalidators/{requestvalidator_id} 200 GetRequestValidatorRequest
            GetRequestValidators GET /restapis/{restapi_id}/requestvalidators 200 GetRequestValidatorsRequest
            GetResource GET /restapis/{restapi_id}/resources/{resource_id} 200 GetResourceRequest
            GetResources GET /restapis/{restapi_id}/resources 200 GetResourcesRequest
            GetRestApi GET /restapis/{restapi_id} 200 GetRestApiRequest
            GetRestApis GET /restapis 200 GetRestApisRequest
            GetSdk GET /restapis/{restapi_id}/stages/{stage_name}/sdks/{sdk_type} 200 GetSdkRequest
            GetSdkType GET /sdktypes/{sdktype_id} 200 GetSdkTypeRequest
            GetSdkTypes GET /sdktypes 200 GetSdkTypesRequest
            GetStage GET /restapis/{restapi_id}/stages/{stage_name} 200 GetStageRequest
            GetStages GET /restapis/{restapi_id}/stages 200 GetStagesRequest
            GetTags GET /tags/{resource_arn} 200 GetTagsRequest
            GetUsage GET /usageplans/{usageplanId}/usage 200 GetUsageRequest
            GetUsagePlan GET /usageplans/{usageplanId} 200 GetUsagePlanRequest
            GetUsagePlanKey GET /usageplans/{usageplanId}/keys/{keyId} 200 GetUsagePlanKeyRequest
            GetUsagePlanKeys GET /usageplans/{usageplanId}/keys 200 GetUsagePlanKeysRequest
            GetUsagePlans GET /usageplans 200 GetUsagePlansRequest
            GetVpcLink GET /vpclinks/{vpclink_id} 200 GetVpcLinkRequest
            GetVpcLinks GET /vpclinks 200 GetVpcLinksRequest
            ImportApiKeys POST /apikeys?mode=import 201 ImportApiKeysRequest
            ImportDocumentationParts PUT /restapis/{restapi_id}/documentation/parts 200 ImportDocumentationPartsRequest
            ImportRestApi POST /restapis?mode=import 201 ImportRestApiRequest
            PutGatewayResponse PUT /restapis/{restapi_id}/gatewayresponses/{response_type} 201 PutGatewayResponseRequest
            PutIntegration PUT /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration 201 PutIntegrationRequest
            PutIntegrationResponse PUT /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code} 201 PutIntegrationResponseRequest
            PutMethod PUT /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method} 201 PutMethodRequest
            PutMethodResponse PUT /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code} 201 PutMethodResponseRequest
            PutRestApi PUT /restapis/{restapi_id} 200 PutRestApiRequest
            RejectDomainNameAccessAssociation POST /rejectdomainnameaccessassociations 202 RejectDomainNameAccessAssociationRequest
            TagResource PUT /tags/{resource_arn} 204 TagResourceRequest
            TestInvokeAuthorizer POST /restapis/{restapi_id}/authorizers/{authorizer_id} 200 TestInvokeAuthorizerRequest
            TestInvokeMethod POST /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method} 200 TestInvokeMethodRequest
            UntagResource DELETE /tags/{resource_arn} 204 UntagResourceRequest
            UpdateAccount PATCH /account 200 UpdateAccountRequest
            UpdateApiKey PATCH /apikeys/{api_Key} 200 UpdateApiKeyRequest
            UpdateAuthorizer PATCH /restapis/{restapi_id}/authorizers/{authorizer_id} 200 UpdateAuthorizerRequest
            UpdateBasePathMapping PATCH /domainnames/{domain_name}/basepathmappings/{base_path} 200 UpdateBasePathMappingRequest
            UpdateClientCertificate PATCH /clientcertificates/{clientcertificate_id} 200 UpdateClientCertificateRequest
            UpdateDeployment PATCH /restapis/{restapi_id}/deployments/{deployment_id} 200 UpdateDeploymentRequest
            UpdateDocumentationPart PATCH /restapis/{restapi_id}/documentation/parts/{part_id} 200 UpdateDocumentationPartRequest
            UpdateDocumentationVersion PATCH /restapis/{restapi_id}/documentation/versions/{doc_version} 200 UpdateDocumentationVersionRequest
            UpdateDomainName PATCH /domainnames/{domain_name} 200 UpdateDomainNameRequest
            UpdateGatewayResponse PATCH /restapis/{restapi_id}/gatewayresponses/{response_type} 200 UpdateGatewayResponseRequest
            UpdateIntegration PATCH /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration 200 UpdateIntegrationRequest
            UpdateIntegrationResponse PATCH /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code} 200 UpdateIntegrationResponseRequest
            UpdateMethod PATCH /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method} 200 UpdateMethodRequest
            UpdateMethodResponse PATCH /restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code} 201 UpdateMethodResponseRequest
            UpdateModel PATCH /restapis/{restapi_id}/models/{model_name} 200 UpdateModelRequest
            UpdateRequestValidator PATCH /restapis/{restapi_id}/requestvalidators/{requestvalidator_id} 200 UpdateRequestValidatorRequest
            UpdateResource PATCH /restapis/{restapi_id}/resources/{resource_id} 200 UpdateResourceRequest
            UpdateRestApi PATCH /restapis/{restapi_id} 200 UpdateRestApiRequest
            UpdateStage PATCH /restapis/{restapi_id}/stages/{stage_name} 200 UpdateStageRequest
            UpdateUsage PATCH /usageplans/{usageplanId}/keys/{keyId}/usage 200 UpdateUsageRequest
            UpdateUsagePlan PATCH /usageplans/{usageplanId} 200 UpdateUsagePlanRequest
            UpdateVpcLink PATCH /vpclinks/{vpclink_id} 200 UpdateVpcLinkRequest

            ApiStage apiId:string stage:string throttle:{ThrottleSettings}
            CanarySettings percentTraffic:double deploymentId:string stageVariableOverrides:{string} useStageCache:boolean
            CreateApiKeyRequest name:string description:string enabled:boolean generateDistinctId:boolean value:string stageKeys:[StageKey] customerId:string tags:{string}
            CreateAuthorizerRequest restapi_id=restApiId!@uri:string name!:string type!:(TOKEN|REQUEST|COGNITO_USER_POOLS|JWT) providerARNs:[string] authType:string authorizerUri:string authorizerCredentials:string identitySource:string identityValidationExpression:string authorizerResultTtlInSeconds:integer jwtConfiguration:JwtConfigurationInput
            CreateBasePathMappingRequest domain_name=domainName!@uri:string domainNameId@querystring:string basePath:string restApiId!:string stage:string
            CreateDeploymentRequest restapi_id=restApiId!@uri:string stageName:string stageDescription:string description:string cacheClusterEnabled:boolean cacheClusterSize:(0.5|1.6|6.1|13.5|28.4|58.2|118|237) variables:{string} canarySettings:DeploymentCanarySettings tracingEnabled:boolean
            CreateDocumentationPartRequest restapi_id=restApiId!@uri:string location!:DocumentationPartLocation properties!:string
            CreateDocumentationVersionRequest restapi_id=restApiId!@uri:string documentationVersion!:string stageName:string description:string
            CreateDomainNameAccessAssociationRequest domainNameArn!:string accessAssociationSourceType!:(VPCE) accessAssociationSource!:string tags:{string}
            CreateDomainNameRequest domainName!:string certificateName:string certificateBody:string certificatePrivateKey:string certificateChain:string certificateArn:string regionalCertificateName:string regionalCertificateArn:string endpointConfiguration:EndpointConfiguration tags:{string} securityPolicy:(TLS_1_0|TLS_1_2|SecurityPolicy_TLS13_1_3_2025_09|SecurityPolicy_TLS13_1_3_FIPS_2025_09|SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09|SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09|SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09|SecurityPolicy_TLS13_1_2_Ext2_PQ_2025_09|SecurityPolicy_TLS13_1_2_Ext2_FIPS_PQ_2025_09|SecurityPolicy_TLS13_1_2_PQ_2025_09|SecurityPolicy_TLS13_1_2_2021_06|SecurityPolicy_TLS13_2025_EDGE|SecurityPolicy_TLS12_PFS_2025_EDGE|SecurityPolicy_TLS12_2018_EDGE) endpointAccessMode:(BASIC|STRICT) mutualTlsAuthentication:MutualTlsAuthenticationInput ownershipVerificationCertificateArn:string policy:string routingMode:(BASE_PATH_MAPPING_ONLY|ROUTING_RULE_ONLY|ROUTING_RULE_THEN_BASE_PATH_MAPPING)
            CreateModelRequest restapi_id=restApiId!@uri:string name!:string description:string schema:string contentType!:string
            CreateRequestValidatorRequest restapi_id=restApiId!@uri:string name:string validateRequestBody:boolean validateRequestParameters:boolean
            CreateResourceRequest restapi_id=restApiId!@uri:string parent_id=parentId!@uri:string pathPart!:string
            CreateRestApiRequest name!:string description:string version:string cloneFrom:string binaryMediaTypes:[string] minimumCompressionSize:integer apiKeySource:(HEADER|AUTHORIZER) endpointConfiguration:EndpointConfiguration policy:string tags:{string} disableExecuteApiEndpoint:boolean securityPolicy:(TLS_1_0|TLS_1_2|SecurityPolicy_TLS13_1_3_2025_09|SecurityPolicy_TLS13_1_3_FIPS_2025_09|SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09|SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09|SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09|SecurityPolicy_TLS13_1_2_Ext2_PQ_2025_09|SecurityPolicy_TLS13_1_2_Ext2_FIPS_PQ_2025_09|SecurityPolicy_TLS13_1_2_PQ_2025_09|SecurityPolicy_TLS13_1_2_2021_06|SecurityPolicy_TLS13_2025_EDGE|SecurityPolicy_TLS12_PFS_2025_EDGE|SecurityPolicy_TLS12_2018_EDGE) endpointAccessMode:(BASIC|STRICT)
            CreateStageRequest restapi_id=restApiId!@uri:string stageName!:string deploymentId!:string description:string cacheClusterEnabled:boolean cacheClusterSize:(0.5|1.6|6.1|13.5|28.4|58.2|118|237) variables:{string} documentationVersion:string canarySettings:CanarySettings tracingEnabled:boolean tags:{string}
            CreateUsagePlanKeyRequest usageplanId=usagePlanId!@uri:string keyId!:string keyType!:string
            CreateUsagePlanRequest name!:string description:string apiStages:[ApiStage] throttle:ThrottleSettings quota:QuotaSettings tags:{string}
            CreateVpcLinkRequest name!:string description:string targetArns!:[string] tags:{string}
            DeleteApiKeyRequest api_Key=apiKey!@uri:string
            DeleteAuthorizerRequest restapi_id=restApiId!@uri:string authorizer_id=authorizerId!@uri:string
            DeleteBasePathMappingRequest domain_name=domainName!@uri:string domainNameId@querystring:string base_path=basePath!@uri:string
            DeleteClientCertificateRequest clientcertificate_id=clientCertificateId!@uri:string
            DeleteDeploymentRequest restapi_id=restApiId!@uri:string deployment_id=deploymentId!@uri:string
            DeleteDocumentationPartRequest restapi_id=restApiId!@uri:string part_id=documentationPartId!@uri:string
            DeleteDocumentationVersionRequest restapi_id=restApiId!@uri:string doc_version=documentationVersion!@uri:string
            DeleteDomainNameAccessAssociationRequest domain_name_access_association_arn=domainNameAccessAssociationArn!@uri:string
            DeleteDomainNameRequest domain_name=domainName!@uri:string domainNameId@querystring:string
            DeleteGatewayResponseRequest restapi_id=restApiId!@uri:string response_type=responseType!@uri:(DEFAULT_4XX|DEFAULT_5XX|RESOURCE_NOT_FOUND|UNAUTHORIZED|INVALID_API_KEY|ACCESS_DENIED|AUTHORIZER_FAILURE|AUTHORIZER_CONFIGURATION_ERROR|INVALID_SIGNATURE|EXPIRED_TOKEN|MISSING_AUTHENTICATION_TOKEN|INTEGRATION_FAILURE|INTEGRATION_TIMEOUT|API_CONFIGURATION_ERROR|UNSUPPORTED_MEDIA_TYPE|BAD_REQUEST_PARAMETERS|BAD_REQUEST_BODY|REQUEST_TOO_LARGE|THROTTLED|QUOTA_EXCEEDED|WAF_FILTERED)
            DeleteIntegrationRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string
            DeleteIntegrationResponseRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string status_code=statusCode!@uri:string/[1-5]\d\d/
            DeleteMethodRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string
            DeleteMethodResponseRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string status_code=statusCode!@uri:string/[1-5]\d\d/
            DeleteModelRequest restapi_id=restApiId!@uri:string model_name=modelName!@uri:string
            DeleteRequestValidatorRequest restapi_id=restApiId!@uri:string requestvalidator_id=requestValidatorId!@uri:string
            DeleteResourceRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string
            DeleteRestApiRequest restapi_id=restApiId!@uri:string
            DeleteStageRequest restapi_id=restApiId!@uri:string stage_name=stageName!@uri:string
            DeleteUsagePlanKeyRequest usageplanId=usagePlanId!@uri:string keyId!@uri:string
            DeleteUsagePlanRequest usageplanId=usagePlanId!@uri:string
            DeleteVpcLinkRequest vpclink_id=vpcLinkId!@uri:string
            DeploymentCanarySettings percentTraffic:double stageVariableOverrides:{string} useStageCache:boolean
            DocumentationPartLocation type!:(API|AUTHORIZER|MODEL|RESOURCE|METHOD|PATH_PARAMETER|QUERY_PARAMETER|REQUEST_HEADER|REQUEST_BODY|RESPONSE|RESPONSE_HEADER|RESPONSE_BODY) path:string method:string statusCode:string/^([1-5]\d\d|\*|\s*)$/ name:string
            EndpointConfiguration types:[(REGIONAL|EDGE|PRIVATE)] ipAddressType:(ipv4|dualstack) vpcEndpointIds:[string]
            FlushStageAuthorizersCacheRequest restapi_id=restApiId!@uri:string stage_name=stageName!@uri:string
            FlushStageCacheRequest restapi_id=restApiId!@uri:string stage_name=stageName!@uri:string
            GenerateClientCertificateRequest description:string tags:{string}
            GetAccountRequest
            GetApiKeyRequest api_Key=apiKey!@uri:string includeValue@querystring:boolean
            GetApiKeysRequest position@querystring:string limit@querystring:integer name=nameQuery@querystring:string customerId@querystring:string includeValues@querystring:boolean
            GetAuthorizerRequest restapi_id=restApiId!@uri:string authorizer_id=authorizerId!@uri:string
            GetAuthorizersRequest restapi_id=restApiId!@uri:string position@querystring:string limit@querystring:integer
            GetBasePathMappingRequest domain_name=domainName!@uri:string domainNameId@querystring:string base_path=basePath!@uri:string
            GetBasePathMappingsRequest domain_name=domainName!@uri:string domainNameId@querystring:string position@querystring:string limit@querystring:integer
            GetClientCertificateRequest clientcertificate_id=clientCertificateId!@uri:string
            GetClientCertificatesRequest position@querystring:string limit@querystring:integer
            GetDeploymentRequest restapi_id=restApiId!@uri:string deployment_id=deploymentId!@uri:string embed@querystring:[string]
            GetDeploymentsRequest restapi_id=restApiId!@uri:string position@querystring:string limit@querystring:integer
            GetDocumentationPartRequest restapi_id=restApiId!@uri:string part_id=documentationPartId!@uri:string
            GetDocumentationPartsRequest restapi_id=restApiId!@uri:string type@querystring:(API|AUTHORIZER|MODEL|RESOURCE|METHOD|PATH_PARAMETER|QUERY_PARAMETER|REQUEST_HEADER|REQUEST_BODY|RESPONSE|RESPONSE_HEADER|RESPONSE_BODY) name=nameQuery@querystring:string path@querystring:string position@querystring:string limit@querystring:integer locationStatus@querystring:(DOCUMENTED|UNDOCUMENTED)
            GetDocumentationVersionRequest restapi_id=restApiId!@uri:string doc_version=documentationVersion!@uri:string
            GetDocumentationVersionsRequest restapi_id=restApiId!@uri:string position@querystring:string limit@querystring:integer
            GetDomainNameAccessAssociationsRequest position@querystring:string limit@querystring:integer resourceOwner@querystring:(SELF|OTHER_ACCOUNTS)
            GetDomainNameRequest domain_name=domainName!@uri:string domainNameId@querystring:string
            GetDomainNamesRequest position@querystring:string limit@querystring:integer resourceOwner@querystring:(SELF|OTHER_ACCOUNTS)
            GetExportRequest restapi_id=restApiId!@uri:string stage_name=stageName!@uri:string export_type=exportType!@uri:string parameters@querystring:{string} Accept=accepts@header:string
            GetGatewayResponseRequest restapi_id=restApiId!@uri:string response_type=responseType!@uri:(DEFAULT_4XX|DEFAULT_5XX|RESOURCE_NOT_FOUND|UNAUTHORIZED|INVALID_API_KEY|ACCESS_DENIED|AUTHORIZER_FAILURE|AUTHORIZER_CONFIGURATION_ERROR|INVALID_SIGNATURE|EXPIRED_TOKEN|MISSING_AUTHENTICATION_TOKEN|INTEGRATION_FAILURE|INTEGRATION_TIMEOUT|API_CONFIGURATION_ERROR|UNSUPPORTED_MEDIA_TYPE|BAD_REQUEST_PARAMETERS|BAD_REQUEST_BODY|REQUEST_TOO_LARGE|THROTTLED|QUOTA_EXCEEDED|WAF_FILTERED)
            GetGatewayResponsesRequest restapi_id=restApiId!@uri:string position@querystring:string limit@querystring:integer
            GetIntegrationRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string
            GetIntegrationResponseRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string status_code=statusCode!@uri:string/[1-5]\d\d/
            GetMethodRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string
            GetMethodResponseRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string status_code=statusCode!@uri:string/[1-5]\d\d/
            GetModelRequest restapi_id=restApiId!@uri:string model_name=modelName!@uri:string flatten@querystring:boolean
            GetModelTemplateRequest restapi_id=restApiId!@uri:string model_name=modelName!@uri:string
            GetModelsRequest restapi_id=restApiId!@uri:string position@querystring:string limit@querystring:integer
            GetRequestValidatorRequest restapi_id=restApiId!@uri:string requestvalidator_id=requestValidatorId!@uri:string
            GetRequestValidatorsRequest restapi_id=restApiId!@uri:string position@querystring:string limit@querystring:integer
            GetResourceRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string embed@querystring:[string]
            GetResourcesRequest restapi_id=restApiId!@uri:string position@querystring:string limit@querystring:integer embed@querystring:[string]
            GetRestApiRequest restapi_id=restApiId!@uri:string
            GetRestApisRequest position@querystring:string limit@querystring:integer
            GetSdkRequest restapi_id=restApiId!@uri:string stage_name=stageName!@uri:string sdk_type=sdkType!@uri:string parameters@querystring:{string}
            GetSdkTypeRequest sdktype_id=id!@uri:string
            GetSdkTypesRequest position@querystring:string limit@querystring:integer
            GetStageRequest restapi_id=restApiId!@uri:string stage_name=stageName!@uri:string
            GetStagesRequest restapi_id=restApiId!@uri:string deploymentId@querystring:string
            GetTagsRequest resource_arn=resourceArn!@uri:string position@querystring:string limit@querystring:integer
            GetUsagePlanKeyRequest usageplanId=usagePlanId!@uri:string keyId!@uri:string
            GetUsagePlanKeysRequest usageplanId=usagePlanId!@uri:string position@querystring:string limit@querystring:integer name=nameQuery@querystring:string
            GetUsagePlanRequest usageplanId=usagePlanId!@uri:string
            GetUsagePlansRequest position@querystring:string keyId@querystring:string limit@querystring:integer
            GetUsageRequest usageplanId=usagePlanId!@uri:string keyId@querystring:string startDate!@querystring:string endDate!@querystring:string position@querystring:string limit@querystring:integer
            GetVpcLinkRequest vpclink_id=vpcLinkId!@uri:string
            GetVpcLinksRequest position@querystring:string limit@querystring:integer
            ImportApiKeysRequest body!@body:blob format!@querystring:(csv) failonwarnings=failOnWarnings@querystring:boolean
            ImportDocumentationPartsRequest restapi_id=restApiId!@uri:string mode@querystring:(merge|overwrite) failonwarnings=failOnWarnings@querystring:boolean body!@body:blob
            ImportRestApiRequest failonwarnings=failOnWarnings@querystring:boolean parameters@querystring:{string} body!@body:blob
            JwtAdditionalClaim claimName!:string format!:(SINGLE_STRING) required:boolean expectedValues:[string]
            JwtConfigurationInput issuers!:[JwtIssuerInput] defaultAlgorithms!:[(RS256|RS384|RS512|ES256|ES384|ES512)]
            JwtIssuerInput issuer!:string audiences!:[string] additionalClaims:[JwtAdditionalClaim]
            MutualTlsAuthenticationInput truststoreUri:string truststoreVersion:string
            PatchOperation op:(add|remove|replace|move|copy|test) path:string value:string from:string
            PutGatewayResponseRequest restapi_id=restApiId!@uri:string response_type=responseType!@uri:(DEFAULT_4XX|DEFAULT_5XX|RESOURCE_NOT_FOUND|UNAUTHORIZED|INVALID_API_KEY|ACCESS_DENIED|AUTHORIZER_FAILURE|AUTHORIZER_CONFIGURATION_ERROR|INVALID_SIGNATURE|EXPIRED_TOKEN|MISSING_AUTHENTICATION_TOKEN|INTEGRATION_FAILURE|INTEGRATION_TIMEOUT|API_CONFIGURATION_ERROR|UNSUPPORTED_MEDIA_TYPE|BAD_REQUEST_PARAMETERS|BAD_REQUEST_BODY|REQUEST_TOO_LARGE|THROTTLED|QUOTA_EXCEEDED|WAF_FILTERED) statusCode:string/[1-5]\d\d/ responseParameters:{string} responseTemplates:{string}
            PutIntegrationRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string type!:(HTTP|AWS|MOCK|HTTP_PROXY|AWS_PROXY) httpMethod=integrationHttpMethod:string uri:string connectionType:(INTERNET|VPC_LINK) connectionId:string credentials:string requestParameters:{string} requestTemplates:{string} passthroughBehavior:string cacheNamespace:string cacheKeyParameters:[string] contentHandling:(CONVERT_TO_BINARY|CONVERT_TO_TEXT) timeoutInMillis:integer tlsConfig:TlsConfig responseTransferMode:(BUFFERED|STREAM) integrationTarget:string
            PutIntegrationResponseRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string status_code=statusCode!@uri:string/[1-5]\d\d/ selectionPattern:string responseParameters:{string} responseTemplates:{string} contentHandling:(CONVERT_TO_BINARY|CONVERT_TO_TEXT)
            PutMethodRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string authorizationType!:string authorizerId:string apiKeyRequired:boolean operationName:string requestParameters:{boolean} requestModels:{string} requestValidatorId:string authorizationScopes:[string]
            PutMethodResponseRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string status_code=statusCode!@uri:string/[1-5]\d\d/ responseParameters:{boolean} responseModels:{string}
            PutRestApiRequest restapi_id=restApiId!@uri:string mode@querystring:(merge|overwrite) failonwarnings=failOnWarnings@querystring:boolean parameters@querystring:{string} body!@body:blob
            QuotaSettings limit:integer offset:integer period:(DAY|WEEK|MONTH)
            RejectDomainNameAccessAssociationRequest domainNameAccessAssociationArn!@querystring:string domainNameArn!@querystring:string
            StageKey restApiId:string stageName:string
            TagResourceRequest resource_arn=resourceArn!@uri:string tags!:{string}
            TestInvokeAuthorizerRequest restapi_id=restApiId!@uri:string authorizer_id=authorizerId!@uri:string headers:{string} multiValueHeaders:{[string]} pathWithQueryString:string body:string stageVariables:{string} additionalContext:{string}
            TestInvokeMethodRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string pathWithQueryString:string body:string headers:{string} multiValueHeaders:{[string]} clientCertificateId:string stageVariables:{string}
            ThrottleSettings burstLimit:integer rateLimit:double
            TlsConfig insecureSkipVerification:boolean
            UntagResourceRequest resource_arn=resourceArn!@uri:string tagKeys!@querystring:[string]
            UpdateAccountRequest patchOperations:[PatchOperation]
            UpdateApiKeyRequest api_Key=apiKey!@uri:string patchOperations:[PatchOperation]
            UpdateAuthorizerRequest restapi_id=restApiId!@uri:string authorizer_id=authorizerId!@uri:string patchOperations:[PatchOperation]
            UpdateBasePathMappingRequest domain_name=domainName!@uri:string domainNameId@querystring:string base_path=basePath!@uri:string patchOperations:[PatchOperation]
            UpdateClientCertificateRequest clientcertificate_id=clientCertificateId!@uri:string patchOperations:[PatchOperation]
            UpdateDeploymentRequest restapi_id=restApiId!@uri:string deployment_id=deploymentId!@uri:string patchOperations:[PatchOperation]
            UpdateDocumentationPartRequest restapi_id=restApiId!@uri:string part_id=documentationPartId!@uri:string patchOperations:[PatchOperation]
            UpdateDocumentationVersionRequest restapi_id=restApiId!@uri:string doc_version=documentationVersion!@uri:string patchOperations:[PatchOperation]
            UpdateDomainNameRequest domain_name=domainName!@uri:string domainNameId@querystring:string patchOperations:[PatchOperation]
            UpdateGatewayResponseRequest restapi_id=restApiId!@uri:string response_type=responseType!@uri:(DEFAULT_4XX|DEFAULT_5XX|RESOURCE_NOT_FOUND|UNAUTHORIZED|INVALID_API_KEY|ACCESS_DENIED|AUTHORIZER_FAILURE|AUTHORIZER_CONFIGURATION_ERROR|INVALID_SIGNATURE|EXPIRED_TOKEN|MISSING_AUTHENTICATION_TOKEN|INTEGRATION_FAILURE|INTEGRATION_TIMEOUT|API_CONFIGURATION_ERROR|UNSUPPORTED_MEDIA_TYPE|BAD_REQUEST_PARAMETERS|BAD_REQUEST_BODY|REQUEST_TOO_LARGE|THROTTLED|QUOTA_EXCEEDED|WAF_FILTERED) patchOperations:[PatchOperation]
            UpdateIntegrationRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string patchOperations:[PatchOperation]
            UpdateIntegrationResponseRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string status_code=statusCode!@uri:string/[1-5]\d\d/ patchOperations:[PatchOperation]
            UpdateMethodRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string patchOperations:[PatchOperation]
            UpdateMethodResponseRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string http_method=httpMethod!@uri:string status_code=statusCode!@uri:string/[1-5]\d\d/ patchOperations:[PatchOperation]
            UpdateModelRequest restapi_id=restApiId!@uri:string model_name=modelName!@uri:string patchOperations:[PatchOperation]
            UpdateRequestValidatorRequest restapi_id=restApiId!@uri:string requestvalidator_id=requestValidatorId!@uri:string patchOperations:[PatchOperation]
            UpdateResourceRequest restapi_id=restApiId!@uri:string resource_id=resourceId!@uri:string patchOperations:[PatchOperation]
            UpdateRestApiRequest restapi_id=restApiId!@uri:string patchOperations:[PatchOperation]
            UpdateStageRequest restapi_id=restApiId!@uri:string stage_name=stageName!@uri:string patchOperations:[PatchOperation]
            UpdateUsagePlanRequest usageplanId=usagePlanId!@uri:string patchOperations:[PatchOperation]
            UpdateUsageRequest usageplanId=usagePlanId!@uri:string keyId!@uri:string patchOperations:[PatchOperation]
            UpdateVpcLinkRequest vpclink_id=vpcLinkId!@uri:string patchOperations:[PatchOperation]
            """#
    )
}

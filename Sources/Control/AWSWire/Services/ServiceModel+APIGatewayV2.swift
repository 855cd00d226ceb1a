// Written by scripts/service-models from botocore's model of the service. Not to be edited.

extension ServiceModel {
    /// The operations of `apigatewayv2`, version 2018-11-29, and the shapes of what they take. See `ServiceModelParser` for the form.
    static let apiGatewayV2 = ServiceModel(
        service: "apigatewayv2",
        text: #"""
            CreateApi POST /v2/apis 201 CreateApiRequest
            CreateApiMapping POST /v2/domainnames/{domainName}/apimappings 201 CreateApiMappingRequest
            CreateAuthorizer POST /v2/apis/{apiId}/authorizers 201 CreateAuthorizerRequest
            CreateDeployment POST /v2/apis/{apiId}/deployments 201 CreateDeploymentRequest
            CreateDomainName POST /v2/domainnames 201 CreateDomainNameRequest
            CreateIntegration POST /v2/apis/{apiId}/integrations 201 CreateIntegrationRequest
            CreateIntegrationResponse POST /v2/apis/{apiId}/integrations/{integrationId}/integrationresponses 201 CreateIntegrationResponseRequest
            CreateModel POST /v2/apis/{apiId}/models 201 CreateModelRequest
            CreatePortal POST /v2/portals 201 CreatePortalRequest
            CreatePortalProduct POST /v2/portalproducts 201 CreatePortalProductRequest
            CreateProductPage POST /v2/portalproducts/{portalProductId}/productpages 201 CreateProductPageRequest
            CreateProductRestEndpointPage POST /v2/portalproducts/{portalProductId}/productrestendpointpages 201 CreateProductRestEndpointPageRequest
            CreateRoute POST /v2/apis/{apiId}/routes 201 CreateRouteRequest
            CreateRouteResponse POST /v2/apis/{apiId}/routes/{routeId}/routeresponses 201 CreateRouteResponseRequest
            CreateRoutingRule POST /v2/domainnames/{domainName}/routingrules 201 CreateRoutingRuleRequest
            CreateStage POST /v2/apis/{apiId}/stages 201 CreateStageRequest
            CreateVpcLink POST /v2/vpclinks 201 CreateVpcLinkRequest
            DeleteAccessLogSettings DELETE /v2/apis/{apiId}/stages/{stageName}/accesslogsettings 204 DeleteAccessLogSettingsRequest
            DeleteApi DELETE /v2/apis/{apiId} 204 DeleteApiRequest
            DeleteApiMapping DELETE /v2/domainnames/{domainName}/apimappings/{apiMappingId} 204 DeleteApiMappingRequest
            DeleteAuthorizer DELETE /v2/apis/{apiId}/authorizers/{authorizerId} 204 DeleteAuthorizerRequest
            DeleteCorsConfiguration DELETE /v2/apis/{apiId}/cors 204 DeleteCorsConfigurationRequest
            DeleteDeployment DELETE /v2/apis/{apiId}/deployments/{deploymentId} 204 DeleteDeploymentRequest
            DeleteDomainName DELETE /v2/domainnames/{domainName} 204 DeleteDomainNameRequest
            DeleteIntegration DELETE /v2/apis/{apiId}/integrations/{integrationId} 204 DeleteIntegrationRequest
            DeleteIntegrationResponse DELETE /v2/apis/{apiId}/integrations/{integrationId}/integrationresponses/{integrationResponseId} 204 DeleteIntegrationResponseRequest
            DeleteModel DELETE /v2/apis/{apiId}/models/{modelId} 204 DeleteModelRequest
            DeletePortal DELETE /v2/portals/{portalId} 204 DeletePortalRequest
            DeletePortalProduct DELETE /v2/portalproducts/{portalProductId} 204 DeletePortalProductRequest
            DeletePortalProductSharingPolicy DELETE /v2/portalproducts/{portalProductId}/sharingpolicy 204 DeletePortalProductSharingPolicyRequest
            DeleteProductPage DELETE /v2/portalproducts/{portalProductId}/productpages/{productPageId} 204 DeleteProductPageRequest
            DeleteProductRestEndpointPage DELETE /v2/portalproducts/{portalProductId}/productrestendpointpages/{productRestEndpointPageId} 204 DeleteProductRestEndpointPageRequest
            DeleteRoute DELETE /v2/apis/{apiId}/routes/{routeId} 204 DeleteRouteRequest
            DeleteRouteRequestParameter DELETE /v2/apis/{apiId}/routes/{routeId}/requestparameters/{requestParameterKey} 204 DeleteRouteRequestParameterRequest
            DeleteRouteResponse DELETE /v2/apis/{apiId}/routes/{routeId}/routeresponses/{routeResponseId} 204 DeleteRouteResponseRequest
            DeleteRouteSettings DELETE /v2/apis/{apiId}/stages/{stageName}/routesettings/{routeKey} 204 DeleteRouteSettingsRequest
            DeleteRoutingRule DELETE /v2/domainnames/{domainName}/routingrules/{routingRuleId} 204 DeleteRoutingRuleRequest
            DeleteStage DELETE /v2/apis/{apiId}/stages/{stageName} 204 DeleteStageRequest
            DeleteVpcLink DELETE /v2/vpclinks/{vpcLinkId} 202 DeleteVpcLinkRequest
            DisablePortal DELETE /v2/portals/{portalId}/publish 204 DisablePortalRequest
            ExportApi GET /v2/apis/{apiId}/exports/{specification} 200 ExportApiRequest
            GetApi GET /v2/apis/{apiId} 200 GetApiRequest
            GetApiMapping GET /v2/domainnames/{domainName}/apimappings/{apiMappingId} 200 GetApiMappingRequest
            GetApiMappings GET /v2/domainnames/{domainName}/apimappings 200 GetApiMappingsRequest
            GetApis GET /v2/apis 200 GetApisRequest
            GetAuthorizer GET /v2/apis/{apiId}/authorizers/{authorizerId} 200 GetAuthorizerRequest
            GetAuthorizers GET /v2/apis/{apiId}/authorizers 200 GetAuthorizersRequest
            GetDeployment GET /v2/apis/{apiId}/deployments/{deploymentId} 200 GetDeploymentRequest
            GetDeployments GET /v2/apis/{apiId}/deployments 200 GetDeploymentsRequest
            GetDomainName GET /v2/domainnames/{domainName} 200 GetDomainNameRequest
            GetDomainNames GET /v2/domainnames 200 GetDomainNamesRequest
            GetIntegration GET /v2/apis/{apiId}/integrations/{integrationId} 200 GetIntegrationRequest
            GetIntegrationResponse GET /v2/apis/{apiId}/integrations/{integrationId}/integrationresponses/{integrationResponseId} 200 GetIntegrationResponseRequest
            GetIntegrationResponses GET /v2/apis/{apiId}/integrations/{integrationId}/integrationresponses 200 GetIntegrationResponsesRequest
            GetIntegrations GET /v2/apis/{apiId}/integrations 200 GetIntegrationsRequest
            GetModel GET /v2/apis/{apiId}/models/{modelId} 200 GetModelRequest
            GetModelTemplate GET /v2/apis/{apiId}/models/{modelId}/template 200 GetModelTemplateRequest
            GetModels GET /v2/apis/{apiId}/models 200 GetModelsRequest
            GetPortal GET /v2/portals/{portalId} 200 GetPortalRequest
            GetPortalProduct GET /v2/portalproducts/{portalProductId} 200 GetPortalProductRequest
            GetPortalProductSharingPolicy GET /v2/portalproducts/{portalProductId}/sharingpolicy 200 GetPortalProductSharingPolicyRequest
            GetProductPage GET /v2/portalproducts/{portalProductId}/productpages/{productPageId} 200 GetProductPageRequest
            GetProductRestEndpointPage GET /v2/portalproducts/{portalProductId}/productrestendpointpages/{productRestEndpointPageId} 200 GetProductRestEndpointPageRequest
            GetRoute GET /v2/apis/{apiId}/routes/{routeId} 200 GetRouteRequest
            GetRouteResponse GET /v2/apis/{apiId}/routes/{routeId}/routeresponses/{routeResponseId} 200 GetRouteResponseRequest
            GetRouteResponses GET /v2/apis/{apiId}/routes/{routeId}/routeresponses 200 GetRouteResponsesRequest
            GetRoutes GET /v2/apis/{apiId}/routes 200 GetRoutesRequest
            GetRoutingRule GET /v2/domainnames/{domainName}/routingrules/{routingRuleId} 200 GetRoutingRuleRequest
            GetStage GET /v2/apis/{apiId}/stages/{stageName} 200 GetStageRequest
            GetStages GET /v2/apis/{apiId}/stages 200 GetStagesRequest
            GetTags GET /v2/tags/{resource-arn} 200 GetTagsRequest
            GetVpcLink GET /v2/vpclinks/{vpcLinkId} 200 GetVpcLinkRequest
            GetVpcLinks GET /v2/vpclinks 200 GetVpcLinksRequest
            ImportApi PUT /v2/apis 201 ImportApiRequest
            ListPortalProducts GET /v2/portalproducts 200 ListPortalProductsRequest
            ListPortals GET /v2/portals 200 ListPortalsRequest
            ListProductPages GET /v2/portalproducts/{portalProductId}/productpages 200 ListProductPagesRequest
            ListProductRestEndpointPages GET /v2/portalproducts/{portalProductId}/productrestendpointpages 200 ListProductRestEndpointPagesRequest
            ListRoutingRules GET /v2/domainnames/{domainName}/routingrules 200 ListRoutingRulesRequest
            PreviewPortal POST /v2/portals/{portalId}/preview 202 PreviewPortalRequest
            PublishPortal POST /v2/portals/{portalId}/publish 202 PublishPortalRequest
            PutPortalProductSharingPolicy PUT /v2/portalproducts/{portalProductId}/sharingpolicy 200 PutPortalProductSharingPolicyRequest
            PutRoutingRule PUT /v2/domainnames/{domainName}/routingrules/{routingRuleId} 200 PutRoutingRuleRequest
            ReimportApi PUT /v2/apis/{apiId} 201 ReimportApiRequest
            ResetAuthorizersCache DELETE /v2/apis/{apiId}/stages/{stageName}/cache/authorizers 204 ResetAuthorizersCacheRequest
            TagResource POST /v2/tags/{resource-arn} 201 TagResourceRequest
            UntagResource DELETE /v2/tags/{resource-arn} 204 UntagResourceRequest
            UpdateApi PATCH /v2/apis/{apiId} 200 UpdateApiRequest
            UpdateApiMapping PATCH /v2/domainnames/{domainName}/apimappings/{apiMappingId} 200 UpdateApiMappingRequest
            UpdateAuthorizer PATCH /v2/apis/{apiId}/authorizers/{authorizerId} 200 UpdateAuthorizerRequest
            UpdateDeployment PATCH /v2/apis/{apiId}/deployments/{deploymentId} 200 UpdateDeploymentRequest
            UpdateDomainName PATCH /v2/domainnames/{domainName} 200 UpdateDomainNameRequest
            UpdateIntegration PATCH /v2/apis/{apiId}/integrations/{integrationId} 200 UpdateIntegrationRequest
            UpdateIntegrationResponse PATCH /v2/apis/{apiId}/integrations/{integrationId}/integrationresponses/{integrationResponseId} 200 UpdateIntegrationResponseRequest
            UpdateModel PATCH /v2/apis/{apiId}/models/{modelId} 200 UpdateModelRequest
            UpdatePortal PATCH /v2/portals/{portalId} 200 UpdatePortalRequest
            UpdatePortalProduct PATCH /v2/portalproducts/{portalProductId} 200 UpdatePortalProductRequest
            UpdateProductPage PATCH /v2/portalproducts/{portalProductId}/productpages/{productPageId} 200 UpdateProductPageRequest
            UpdateProductRestEndpointPage PATCH /v2/portalproducts/{portalProductId}/productrestendpointpages/{productRestEndpointPageId} 200 UpdateProductRestEndpointPageRequest
            UpdateRoute PATCH /v2/apis/{apiId}/routes/{routeId} 200 UpdateRouteRequest
            UpdateRouteResponse PATCH /v2/apis/{apiId}/routes/{routeId}/routeresponses/{routeResponseId} 200 UpdateRouteResponseRequest
            UpdateStage PATCH /v2/apis/{apiId}/stages/{stageName} 200 UpdateStageRequest
            UpdateVpcLink PATCH /v2/vpclinks/{vpcLinkId} 200 UpdateVpcLinkRequest

            ACMManaged certificateArn=CertificateArn!:string<10:2048> domainName=DomainName!:string<3:256>
            AccessLogSettings destinationArn=DestinationArn:string format=Format:string
            Authorization cognitoConfig=CognitoConfig:CognitoConfig none=None:None
            CognitoConfig appClientId=AppClientId!:string<1:256> userPoolArn=UserPoolArn!:string<20:2048> userPoolDomain=UserPoolDomain!:string<20:2048>
            Cors allowCredentials=AllowCredentials:boolean allowHeaders=AllowHeaders:[string] allowMethods=AllowMethods:[string] allowOrigins=AllowOrigins:[string] exposeHeaders=ExposeHeaders:[string] maxAge=MaxAge:integer<-1:86400>
            CreateApiMappingRequest apiId=ApiId!:string apiMappingKey=ApiMappingKey:string domainName=DomainName!@uri:string stage=Stage!:string
            CreateApiRequest apiKeySelectionExpression=ApiKeySelectionExpression:string corsConfiguration=CorsConfiguration:Cors credentialsArn=CredentialsArn:string description=Description:string disableSchemaValidation=DisableSchemaValidation:boolean disableExecuteApiEndpoint=DisableExecuteApiEndpoint:boolean ipAddressType=IpAddressType:(ipv4|dualstack) name=Name!:string protocolType=ProtocolType!:(WEBSOCKET|HTTP) routeKey=RouteKey:string routeSelectionExpression=RouteSelectionExpression:string tags=Tags:{string} target=Target:string version=Version:string
            CreateAuthorizerRequest apiId=ApiId!@uri:string authorizerCredentialsArn=AuthorizerCredentialsArn:string authorizerPayloadFormatVersion=AuthorizerPayloadFormatVersion:string authorizerResultTtlInSeconds=AuthorizerResultTtlInSeconds:integer<0:3600> authorizerType=AuthorizerType!:(REQUEST|JWT) authorizerUri=AuthorizerUri:string enableSimpleResponses=EnableSimpleResponses:boolean identitySource=IdentitySource!:[string] identityValidationExpression=IdentityValidationExpression:string jwtConfiguration=JwtConfiguration:JWTConfiguration name=Name!:string
            CreateDeploymentRequest apiId=ApiId!@uri:string description=Description:string stageName=StageName:string
            CreateDomainNameRequest domainName=DomainName!:string domainNameConfigurations=DomainNameConfigurations:[DomainNameConfiguration] mutualTlsAuthentication=MutualTlsAuthentication:MutualTlsAuthenticationInput routingMode=RoutingMode:(API_MAPPING_ONLY|ROUTING_RULE_ONLY|ROUTING_RULE_THEN_API_MAPPING) tags=Tags:{string}
            CreateIntegrationRequest apiId=ApiId!@uri:string connectionId=ConnectionId:string connectionType=ConnectionType:(INTERNET|VPC_LINK) contentHandlingStrategy=ContentHandlingStrategy:(CONVERT_TO_BINARY|CONVERT_TO_TEXT) credentialsArn=CredentialsArn:string description=Description:string integrationMethod=IntegrationMethod:string integrationSubtype=IntegrationSubtype:string integrationType=IntegrationType!:(AWS|HTTP|MOCK|HTTP_PROXY|AWS_PROXY) integrationUri=IntegrationUri:string passthroughBehavior=PassthroughBehavior:(WHEN_NO_MATCH|NEVER|WHEN_NO_TEMPLATES) payloadFormatVersion=PayloadFormatVersion:string requestParameters=RequestParameters:{string} requestTemplates=RequestTemplates:{string} responseParameters=ResponseParameters:{{string}} templateSelectionExpression=TemplateSelectionExpression:string timeoutInMillis=TimeoutInMillis:integer<50:30000> tlsConfig=TlsConfig:TlsConfigInput
            CreateIntegrationResponseRequest apiId=ApiId!@uri:string contentHandlingStrategy=ContentHandlingStrategy:(CONVERT_TO_BINARY|CONVERT_TO_TEXT) integrationId=IntegrationId!@uri:string integrationResponseKey=IntegrationResponseKey!:string responseParameters=ResponseParameters:{string} responseTemplates=ResponseTemplates:{string} templateSelectionExpression=TemplateSelectionExpression:string
            CreateModelRequest apiId=ApiId!@uri:string contentType=ContentType:string description=Description:string name=Name!:string schema=Schema!:string
            CreatePortalProductRequest description=Description:string<0:1024> displayName=DisplayName!:string<1:255> tags=Tags:{string}
            CreatePortalRequest authorization=Authorization!:Authorization endpointConfiguration=EndpointConfiguration!:EndpointConfigurationRequest includedPortalProductArns=IncludedPortalProductArns:[string<20:2048>] logoUri=LogoUri:string<0:1092> portalContent=PortalContent!:PortalContent rumAppMonitorName=RumAppMonitorName:string<0:255> tags=Tags:{string}
            CreateProductPageRequest displayContent=DisplayContent!:DisplayContent portalProductId=PortalProductId!@uri:string
            CreateProductRestEndpointPageRequest displayContent=DisplayContent:EndpointDisplayContent portalProductId=PortalProductId!@uri:string restEndpointIdentifier=RestEndpointIdentifier!:RestEndpointIdentifier tryItState=TryItState:(ENABLED|DISABLED)
            CreateRouteRequest apiId=ApiId!@uri:string apiKeyRequired=ApiKeyRequired:boolean authorizationScopes=AuthorizationScopes:[string] authorizationType=AuthorizationType:(NONE|AWS_IAM|CUSTOM|JWT) authorizerId=AuthorizerId:string modelSelectionExpression=ModelSelectionExpression:string operationName=OperationName:string requestModels=RequestModels:{string} requestParameters=RequestParameters:{ParameterConstraints} routeKey=RouteKey!:string routeResponseSelectionExpression=RouteResponseSelectionExpression:string target=Target:string
            CreateRouteResponseRequest apiId=ApiId!@uri:string modelSelectionExpression=ModelSelectionExpression:string responseModels=ResponseModels:{string} responseParameters=ResponseParameters:{ParameterConstraints} routeId=RouteId!@uri:string routeResponseKey=RouteResponseKey!:string
            CreateRoutingRuleRequest actions=Actions!:[RoutingRuleAction] conditions=Conditions!:[RoutingRuleCondition] domainName=DomainName!@uri:string domainNameId=DomainNameId@querystring:string priority=Priority!:integer<1:1000000>
            CreateStageRequest accessLogSettings=AccessLogSettings:AccessLogSettings apiId=ApiId!@uri:string autoDeploy=AutoDeploy:boolean clientCertificateId=ClientCertificateId:string defaultRouteSettings=DefaultRouteSettings:RouteSettings deploymentId=DeploymentId:string description=Description:string routeSettings=RouteSettings:{RouteSettings} stageName=StageName!:string stageVariables=StageVariables:{string} tags=Tags:{string}
            CreateVpcLinkRequest name=Name!:string securityGroupIds=SecurityGroupIds:[string] subnetIds=SubnetIds!:[string] tags=Tags:{string}
            CustomColors accentColor=AccentColor!:string<1:16> backgroundColor=BackgroundColor!:string<1:16> errorValidationColor=ErrorValidationColor!:string<1:16> headerColor=HeaderColor!:string<1:16> navigationColor=NavigationColor!:string<1:16> textColor=TextColor!:string<1:16>
            DeleteAccessLogSettingsRequest apiId=ApiId!@uri:string stageName=StageName!@uri:string
            DeleteApiMappingRequest apiMappingId=ApiMappingId!@uri:string domainName=DomainName!@uri:string
            DeleteApiRequest apiId=ApiId!@uri:string
            DeleteAuthorizerRequest apiId=ApiId!@uri:string authorizerId=AuthorizerId!@uri:string
            DeleteCorsConfigurationRequest apiId=ApiId!@uri:string
            DeleteDeploymentRequest apiId=ApiId!@uri:string deploymentId=DeploymentId!@uri:string
            DeleteDomainNameRequest domainName=DomainName!@uri:string
            DeleteIntegrationRequest apiId=ApiId!@uri:string integrationId=IntegrationId!@uri:string
            DeleteIntegrationResponseRequest apiId=ApiId!@uri:string integrationId=IntegrationId!@uri:string integrationResponseId=IntegrationResponseId!@uri:string
            DeleteModelRequest apiId=ApiId!@uri:string modelId=ModelId!@uri:string
            DeletePortalProductRequest portalProductId=PortalProductId!@uri:string
            DeletePortalProductSharingPolicyRequest portalProductId=PortalProductId!@uri:string
            DeletePortalRequest portalId=PortalId!@uri:string
            DeleteProductPageRequest portalProductId=PortalProductId!@uri:string productPageId=ProductPageId!@uri:string
            DeleteProductRestEndpointPageRequest portalProductId=PortalProductId!@uri:string productRestEndpointPageId=ProductRestEndpointPageId!@uri:string
            DeleteRouteRequest apiId=ApiId!@uri:string routeId=RouteId!@uri:string
            DeleteRouteRequestParameterRequest apiId=ApiId!@uri:string requestParameterKey=RequestParameterKey!@uri:string routeId=RouteId!@uri:string
            DeleteRouteResponseRequest apiId=ApiId!@uri:string routeId=RouteId!@uri:string routeResponseId=RouteResponseId!@uri:string
            DeleteRouteSettingsRequest apiId=ApiId!@uri:string routeKey=RouteKey!@uri:string stageName=StageName!@uri:string
            DeleteRoutingRuleRequest domainName=DomainName!@uri:string domainNameId=DomainNameId@querystring:string routingRuleId=RoutingRuleId!@uri:string
            DeleteStageRequest apiId=ApiId!@uri:string stageName=StageName!@uri:string
            DeleteVpcLinkRequest vpcLinkId=VpcLinkId!@uri:string
            DisablePortalRequest portalId=PortalId!@uri:string
            DisplayContent body=Body!:string<1:32768> title=Title!:string<1:255>
            DisplayContentOverrides body=Body:string<1:32768> endpoint=Endpoint:string<1:1024> operationName=OperationName:string<1:255>
            DisplayOrder contents=Contents:[Section] overviewPageArn=OverviewPageArn:string<20:2048> productPageArns=ProductPageArns:[string<20:2048>]
            DomainNameConfiguration apiGatewayDomainName=ApiGatewayDomainName:string certificateArn=CertificateArn:string certificateName=CertificateName:string certificateUploadDate=CertificateUploadDate:timestamp domainNameStatus=DomainNameStatus:(AVAILABLE|UPDATING|PENDING_CERTIFICATE_REIMPORT|PENDING_OWNERSHIP_VERIFICATION) domainNameStatusMessage=DomainNameStatusMessage:string endpointType=EndpointType:(REGIONAL|EDGE) hostedZoneId=HostedZoneId:string ipAddressType=IpAddressType:(ipv4|dualstack) securityPolicy=SecurityPolicy:(TLS_1_0|TLS_1_2) ownershipVerificationCertificateArn=OwnershipVerificationCertificateArn:string
            EndpointConfigurationRequest acmManaged=AcmManaged:ACMManaged none=None:None
            EndpointDisplayContent none=None:None overrides=Overrides:DisplayContentOverrides
            ExportApiRequest apiId=ApiId!@uri:string exportVersion=ExportVersion@querystring:string includeExtensions=IncludeExtensions@querystring:boolean outputType=OutputType!@querystring:string specification=Specification!@uri:string stageName=StageName@querystring:string
            GetApiMappingRequest apiMappingId=ApiMappingId!@uri:string domainName=DomainName!@uri:string
            GetApiMappingsRequest domainName=DomainName!@uri:string maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string
            GetApiRequest apiId=ApiId!@uri:string
            GetApisRequest maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string
            GetAuthorizerRequest apiId=ApiId!@uri:string authorizerId=AuthorizerId!@uri:string
            GetAuthorizersRequest apiId=ApiId!@uri:string maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string
            GetDeploymentRequest apiId=ApiId!@uri:string deploymentId=DeploymentId!@uri:string
            GetDeploymentsRequest apiId=ApiId!@uri:string maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string
            GetDomainNameRequest domainName=DomainName!@uri:string
            GetDomainNamesRequest maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string
            GetIntegrationRequest apiId=ApiId!@uri:string integrationId=IntegrationId!@uri:string
            GetIntegrationResponseRequest apiId=ApiId!@uri:string integrationId=IntegrationId!@uri:string integrationResponseId=IntegrationResponseId!@uri:string
            GetIntegrationResponsesRequest apiId=ApiId!@uri:string integrationId=IntegrationId!@uri:string maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string
            GetIntegrationsRequest apiId=ApiId!@uri:string maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string
            GetModelRequest apiId=ApiId!@uri:string modelId=ModelId!@uri:string
            GetModelTemplateRequest apiId=ApiId!@uri:string modelId=ModelId!@uri:string
            GetModelsRequest apiId=ApiId!@uri:string maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string
            GetPortalProductRequest portalProductId=PortalProductId!@uri:string resourceOwnerAccountId=ResourceOwnerAccountId@querystring:string
            GetPortalProductSharingPolicyRequest portalProductId=PortalProductId!@uri:string
            GetPortalRequest portalId=PortalId!@uri:string
            GetProductPageRequest portalProductId=PortalProductId!@uri:string productPageId=ProductPageId!@uri:string resourceOwnerAccountId=ResourceOwnerAccountId@querystring:string
            GetProductRestEndpointPageRequest includeRawDisplayContent=IncludeRawDisplayContent@querystring:string portalProductId=PortalProductId!@uri:string productRestEndpointPageId=ProductRestEndpointPageId!@uri:string resourceOwnerAccountId=ResourceOwnerAccountId@querystring:string
            GetRouteRequest apiId=ApiId!@uri:string routeId=RouteId!@uri:string
            GetRouteResponseRequest apiId=ApiId!@uri:string routeId=RouteId!@uri:string routeResponseId=RouteResponseId!@uri:string
            GetRouteResponsesRequest apiId=ApiId!@uri:string maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string routeId=RouteId!@uri:string
            GetRoutesRequest apiId=ApiId!@uri:string maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string
            GetRoutingRuleRequest domainName=DomainName!@uri:string domainNameId=DomainNameId@querystring:string routingRuleId=RoutingRuleId!@uri:string
            GetStageRequest apiId=ApiId!@uri:string stageName=StageName!@uri:string
            GetStagesRequest apiId=ApiId!@uri:string maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string
            GetTagsRequest resource-arn=ResourceArn!@uri:string
            GetVpcLinkRequest vpcLinkId=VpcLinkId!@uri:string
            GetVpcLinksRequest maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string
            IdentifierParts method=Method!:string<1:20> path=Path!:string<1:4096> restApiId=RestApiId!:string<1:50> stage=Stage!:string<1:128>
            ImportApiRequest basepath=Basepath@querystring:string body=Body!:string failOnWarnings=FailOnWarnings@querystring:boolean
            JWTConfiguration audience=Audience:[string] issuer=Issuer:string
            ListPortalProductsRequest maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string resourceOwner=ResourceOwner@querystring:string
            ListPortalsRequest maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string
            ListProductPagesRequest maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string portalProductId=PortalProductId!@uri:string resourceOwnerAccountId=ResourceOwnerAccountId@querystring:string
            ListProductRestEndpointPagesRequest maxResults=MaxResults@querystring:string nextToken=NextToken@querystring:string portalProductId=PortalProductId!@uri:string resourceOwnerAccountId=ResourceOwnerAccountId@querystring:string
            ListRoutingRulesRequest domainName=DomainName!@uri:string domainNameId=DomainNameId@querystring:string maxResults=MaxResults@querystring:integer<1:100> nextToken=NextToken@querystring:string
            MutualTlsAuthenticationInput truststoreUri=TruststoreUri:string truststoreVersion=TruststoreVersion:string
            None
            ParameterConstraints required=Required:boolean
            PortalContent description=Description:string<0:1024> displayName=DisplayName!:string<3:255> theme=Theme!:PortalTheme
            PortalTheme customColors=CustomColors!:CustomColors logoLastUploaded=LogoLastUploaded:timestamp
            PreviewPortalRequest portalId=PortalId!@uri:string
            PublishPortalRequest description=Description:string<0:1024> portalId=PortalId!@uri:string
            PutPortalProductSharingPolicyRequest policyDocument=PolicyDocument!:string<1:307200> portalProductId=PortalProductId!@uri:string
            PutRoutingRuleRequest actions=Actions!:[RoutingRuleAction] conditions=Conditions!:[RoutingRuleCondition] domainName=DomainName!@uri:string domainNameId=DomainNameId@querystring:string priority=Priority!:integer<1:1000000> routingRuleId=RoutingRuleId!@uri:string
            ReimportApiRequest apiId=ApiId!@uri:string basepath=Basepath@querystring:string body=Body!:string failOnWarnings=FailOnWarnings@querystring:boolean
            ResetAuthorizersCacheRequest apiId=ApiId!@uri:string stageName=StageName!@uri:string
            RestEndpointIdentifier identifierParts=IdentifierParts:IdentifierParts
            RouteSettings dataTraceEnabled=DataTraceEnabled:boolean detailedMetricsEnabled=DetailedMetricsEnabled:boolean loggingLevel=LoggingLevel:(ERROR|INFO|OFF) throttlingBurstLimit=ThrottlingBurstLimit:integer throttlingRateLimit=ThrottlingRateLimit:double
            RoutingRuleAction invokeApi=InvokeApi!:RoutingRuleActionInvokeApi
            RoutingRuleActionInvokeApi apiId=ApiId!:string stage=Stage!:string stripBasePath=StripBasePath:boolean
            RoutingRuleCondition matchBasePaths=MatchBasePaths:RoutingRuleMatchBasePaths matchHeaders=MatchHeaders:RoutingRuleMatchHeaders
            RoutingRuleMatchBasePaths anyOf=AnyOf!:[string]
            RoutingRuleMatchHeaderValue header=Header!:string valueGlob=ValueGlob!:string
            RoutingRuleMatchHeaders anyOf=AnyOf!:[RoutingRuleMatchHeaderValue]
            Section productRestEndpointPageArns=ProductRestEndpointPageArns!:[string<20:2048>] sectionName=SectionName!:string
            TagResourceRequest resource-arn=ResourceArn!@uri:string tags=Tags:{string}
            TlsConfigInput serverNameToVerify=ServerNameToVerify:string
            UntagResourceRequest resource-arn=ResourceArn!@uri:string tagKeys=TagKeys!@querystring:[string]
            UpdateApiMappingRequest apiId=ApiId!:string apiMappingId=ApiMappingId!@uri:string apiMappingKey=ApiMappingKey:string domainName=DomainName!@uri:string stage=Stage:string
            UpdateApiRequest apiId=ApiId!@uri:string apiKeySelectionExpression=ApiKeySelectionExpression:string corsConfiguration=CorsConfiguration:Cors credentialsArn=CredentialsArn:string description=Description:string disableSchemaValidation=DisableSchemaValidation:boolean disableExecuteApiEndpoint=DisableExecuteApiEndpoint:boolean ipAddressType=IpAddressType:(ipv4|dualstack) name=Name:string routeKey=RouteKey:string routeSelectionExpression=RouteSelectionExpression:string target=Target:string version=Version:string
            UpdateAuthorizerRequest apiId=ApiId!@uri:string authorizerCredentialsArn=AuthorizerCredentialsArn:string authorizerId=AuthorizerId!@uri:string authorizerPayloadFormatVersion=AuthorizerPayloadFormatVersion:string authorizerResultTtlInSeconds=AuthorizerResultTtlInSeconds:integer<0:3600> authorizerType=AuthorizerType:(REQUEST|JWT) authorizerUri=AuthorizerUri:string enableSimpleResponses=EnableSimpleResponses:boolean identitySource=IdentitySource:[string] identityValidationExpression=IdentityValidationExpression:string jwtConfiguration=JwtConfiguration:JWTConfiguration name=Name:string
            UpdateDeploymentRequest apiId=ApiId!@uri:string deploymentId=DeploymentId!@uri:string description=Description:string
            UpdateDomainNameRequest domainName=DomainName!@uri:string domainNameConfigurations=DomainNameConfigurations:[DomainNameConfiguration] mutualTlsAuthentication=MutualTlsAuthentication:MutualTlsAuthenticationInput routingMode=RoutingMode:(API_MAPPING_ONLY|ROUTING_RULE_ONLY|ROUTING_RULE_THEN_API_MAPPING)
            UpdateIntegrationRequest apiId=ApiId!@uri:string connectionId=ConnectionId:string connectionType=ConnectionType:(INTERNET|VPC_LINK) contentHandlingStrategy=ContentHandlingStrategy:(CONVERT_TO_BINARY|CONVERT_TO_TEXT) credentialsArn=CredentialsArn:string description=Description:string integrationId=IntegrationId!@uri:string integrationMethod=IntegrationMethod:string integrationSubtype=IntegrationSubtype:string integrationType=IntegrationType:(AWS|HTTP|MOCK|HTTP_PROXY|AWS_PROXY) integrationUri=IntegrationUri:string passthroughBehavior=PassthroughBehavior:(WHEN_NO_MATCH|NEVER|WHEN_NO_TEMPLATES) payloadFormatVersion=PayloadFormatVersion:string requestParameters=RequestParameters:{string} requestTemplates=RequestTemplates:{string} responseParameters=ResponseParameters:{{string}} templateSelectionExpression=TemplateSelectionExpression:string timeoutInMillis=TimeoutInMillis:integer<50:30000> tlsConfig=TlsConfig:TlsConfigInput
            UpdateIntegrationResponseRequest apiId=ApiId!@uri:string contentHandlingStrategy=ContentHandlingStrategy:(CONVERT_TO_BINARY|CONVERT_TO_TEXT) integrationId=IntegrationId!@uri:string integrationResponseId=IntegrationResponseId!@uri:string integrationResponseKey=IntegrationResponseKey:string responseParameters=ResponseParameters:{string} responseTemplates=ResponseTemplates:{string} templateSelectionExpression=TemplateSelectionExpression:string
            UpdateModelRequest apiId=ApiId!@uri:string contentType=ContentType:string description=Description:string modelId=ModelId!@uri:string name=Name:string schema=Schema:string
            UpdatePortalProductRequest description=Description:string<0:1024> displayName=DisplayName:string<1:255> displayOrder=DisplayOrder:DisplayOrder portalProductId=PortalProductId!@uri:string
            UpdatePortalRequest authorization=Authorization:Authorization endpointConfiguration=EndpointConfiguration:EndpointConfigurationRequest includedPortalProductArns=IncludedPortalProductArns:[string<20:2048>] logoUri=LogoUri:string<0:1092> portalContent=PortalContent:PortalContent portalId=PortalId!@uri:string rumAppMonitorName=RumAppMonitorName:string<0:255>
            UpdateProductPageRequest displayContent=DisplayContent:DisplayContent portalProductId=PortalProductId!@uri:string productPageId=ProductPageId!@uri:string
            UpdateProductRestEndpointPageRequest displayContent=DisplayContent:EndpointDisplayContent portalProductId=PortalProductId!@uri:string productRestEndpointPageId=ProductRestEndpointPageId!@uri:string tryItState=TryItState:(ENABLED|DISABLED)
            UpdateRouteRequest apiId=ApiId!@uri:string apiKeyRequired=ApiKeyRequired:boolean authorizationScopes=AuthorizationScopes:[string] authorizationType=AuthorizationType:(NONE|AWS_IAM|CUSTOM|JWT) authorizerId=AuthorizerId:string modelSelectionExpression=ModelSelectionExpression:string operationName=OperationName:string requestModels=RequestModels:{string} requestParameters=RequestParameters:{ParameterConstraints} routeId=RouteId!@uri:string routeKey=RouteKey:string routeResponseSelectionExpression=RouteResponseSelectionExpression:string target=Target:string
            UpdateRouteResponseRequest apiId=ApiId!@uri:string modelSelectionExpression=ModelSelectionExpression:string responseModels=ResponseModels:{string} responseParameters=ResponseParameters:{ParameterConstraints} routeId=RouteId!@uri:string routeResponseId=RouteResponseId!@uri:string routeResponseKey=RouteResponseKey:string
            UpdateStageRequest accessLogSettings=AccessLogSettings:AccessLogSettings apiId=ApiId!@uri:string autoDeploy=AutoDeploy:boolean clientCertificateId=ClientCertificateId:string defaultRouteSettings=DefaultRouteSettings:RouteSettings deploymentId=DeploymentId:string description=Description:string routeSettings=RouteSettings:{RouteSettings} stageName=StageName!@uri:string stageVariables=StageVariables:{string}
            UpdateVpcLinkRequest name=Name:string vpcLinkId=VpcLinkId!@uri:string
            """#
    )
}
